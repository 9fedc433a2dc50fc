import { aboutSettings } from '../../functions/settings/about-settings.ts';
import { expectations } from '../../functions/settings/schemas.ts';
import { agentSettings, schemaOf } from '../../functions/settings/settings.ts';

/** The text of docs/settings.md. */
export function settingsPage(): string {
  const settings = Object.entries(agentSettings.shape).map(describeSetting);
  const columns = ['setting', 'default', 'range', 'unit', 'in the original'];
  const rows = settings.map(({ name, fallback, range, unit, original }) => [name, fallback, range, unit, original]);
  const items = settings.map(({ name, meaning, readers }) => `- ${name}: ${meaning}${readers}`);
  return `<!-- Generated from functions/settings/settings.ts by \`npm run generate\`. Do not edit. -->

# Settings

The settings stand under one key of the CDK app's context, \`omniAgent\`: in \`cdk.json\`

\`\`\`json
{ "context": { "omniAgent": { "gatewayUrl": "grpcs://gateway.example.com:443", "messagesPerSecond": 1000 } } }
\`\`\`

or, in place of all of those, on the command line: \`npx cdk deploy --all -c omniAgent='{"gatewayUrl": "…"}'\`. In an app of your
own they are properties of the construct \`OmniAgent\`. A wrong value or an unknown name stops the synthesis, with one line that
says what was expected. Defaults are those of the original agent, where it has the setting.

${table([columns, ...rows])}

## What each is for

The CDK app reads all of them. Parts that have one in their environment are named with it.

${items.join('\n')}
`;
}

type Schemas = typeof agentSettings.shape;

function describeSetting([name, schema]: [string, Schemas[keyof Schemas]]) {
  const about = aboutSettings.get(schema);
  const range = expectations.get(schemaOf(schema))?.expected;
  if (about === undefined || range === undefined)
    throw new Error(`${name}: expected what it means and takes, got none`);
  const fallback = schema.safeParse(undefined);
  return {
    name: code(name),
    fallback: !fallback.success
      ? 'required'
      : fallback.data === undefined
        ? 'none'
        : code(Array.isArray(fallback.data) ? '[]' : String(fallback.data)),
    range,
    unit: about.unit ?? '',
    original: about.original === undefined ? '' : code(about.original),
    meaning: about.meaning,
    readers: about.readBy === undefined ? '' : `\n  Read by ${about.readBy.join(', ')}.`,
  };
}

const code = (text: string) => `\`${text}\``;

/** A Markdown table with its columns aligned; the first row is the head. */
function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], fill = ' ') =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`;
  const rule = line(
    head.map(() => ''),
    '-',
  );
  return [line(head), rule, ...rows.map((row) => line(row))].join('\n');
}
