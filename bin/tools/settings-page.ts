import { aboutSettings } from '../../functions/settings/about-settings.ts';
import { expectations } from '../../functions/settings/schemas.ts';
import { agentSettings, schemaOf } from '../../functions/settings/settings.ts';
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
{ "context": { "omniAgent": { "gatewayUrl": "grpcs://gateway.example.com:443", "messagesPerSecond": 1000 } } }
\`\`\`

${words.otherwise}

${table([words.columns, ...rows])}

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

/** A Markdown table with its columns aligned; the first row is the head. */
function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => widthOf(row[column] ?? ''))));
  const line = (cells: readonly string[], fill = ' ') =>
    `| ${cells.map((cell, column) => cell + fill.repeat((widths[column] ?? 0) - widthOf(cell))).join(' | ')} |`;
  const rule = line(
    head.map(() => ''),
    '-',
  );
  return [line(head), rule, ...rows.map((row) => line(row))].join('\n');
}

/** A letter of Hangul takes two places, as biome counts too. */
function widthOf(text: string): number {
  return text.length + (text.match(/\p{Script=Hangul}/gu)?.length ?? 0);
}
