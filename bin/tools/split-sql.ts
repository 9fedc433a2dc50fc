/** A comment, a quoted text or name, a dollar-quoted body, the end of a statement, or anything else. */
const token =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w$])(?<tag>\$(?:[A-Za-z_]\w*)?\$)(?<body>[\s\S]*?)\k<tag>|(?<end>;)|[\s\S]/g;

/**
 * The statements of a script, without comments: the Data API takes one statement a call, and a `:name` for a parameter wherever
 * it is. For what our own files hold, which is less than SQL: no E'' texts, no bodies between `begin atomic` and `end`.
 */
export function splitStatements(script: string): string[] {
  const unsupported = /\be'|\bbegin\s+atomic\b/i.exec(withoutComments(script));
  if (unsupported !== null) throw new Error(`expected SQL that can be split, got ${unsupported[0]}`);
  const statements = [''];
  for (const { 0: text, groups = {} } of script.matchAll(token)) {
    if (groups['end'] !== undefined) statements.push('');
    else statements[statements.length - 1] += cleaned(text, groups);
  }
  return statements.map(withoutBlankLines).filter((statement) => statement !== '');
}

function withoutComments(script: string): string {
  return script.replace(token, (text, ...rest) => cleaned(text, rest.at(-1)));
}

/** Bodies are code too: their comments go with the others. */
function cleaned(text: string, { tag, body }: { [name: string]: string | undefined }): string {
  if (tag !== undefined && body !== undefined) return `${tag}${withoutComments(body)}${tag}`;
  return text.startsWith('--') || text.startsWith('/*') ? '' : text;
}

function withoutBlankLines(statement: string): string {
  const lines = statement.split('\n').map((line) => line.trimEnd());
  return lines
    .filter((line) => line !== '')
    .join('\n')
    .trim();
}
