import { aboutSettings } from '../../functions/settings/about-settings.ts';
import { expectations } from '../../functions/settings/schemas.ts';
import { agentSettings, schemaOf } from '../../functions/settings/settings.ts';
import { markdownTable } from './markdown-table.ts';
import { type Language, type PageWords, pageWords } from './settings-page-words.ts';

type Schemas = typeof agentSettings.shape;
type Schema = Schemas[keyof Schemas];

/** The text of docs/settings.md, or of docs/ko/settings.md. */
export function settingsPage(language: Language): string {
  const words = pageWords[language];
  const settings = Object.entries(agentSettings.shape).map(([name, schema]) => describeSetting(name, schema, words));
  const rows = settings.map(({ name, fallback, range, unit, original }) => [name, fallback, range, unit, original]);
  const items = settings.map(({ name, meaning, readers }) => `- ${name}: ${meaning}${readers}`);
  return `<!-- Generated from functions/settings/settings.ts by \`npm run generate\`. Do not edit. -->

# ${words.title}

${words.where}

\`\`\`json
{
  "context": {
    "omniAgent": { "gatewayUrl": "grpcs://gateway.example.com:443", "alarmTopicArn": "none", "messagesPerSecond": 1000 }
  }
}
\`\`\`

${words.otherwise}

${markdownTable([words.columns, ...rows])}

## ${words.purposes}

${words.readers}

${items.join('\n')}
`;
}

function describeSetting(name: string, schema: Schema, words: PageWords) {
  const about = aboutSettings.get(schema);
  const expectation = expectations.get(schemaOf(schema));
  if (about === undefined || expectation === undefined)
    throw new Error(`${name}: expected what it means and takes, got none`);
  const fallback = schema.safeParse(undefined);
  return {
    name: code(name),
    fallback: !fallback.success
      ? words.required
      : fallback.data === undefined
        ? words.none
        : code(Array.isArray(fallback.data) ? '[]' : String(fallback.data)),
    range: words.rangeOf(expectation),
    unit: about.unit === undefined ? '' : words.unitOf(about.unit),
    original: about.original === undefined ? '' : code(about.original),
    meaning: words.meaningOf(about),
    readers: about.readBy === undefined ? '' : `\n  ${words.readBy(about.readBy.join(', '))}`,
  };
}

const code = (text: string) => `\`${text}\``;
