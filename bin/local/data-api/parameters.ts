import { DataApiError } from './errors.ts';
import type { WireField, WireParameter } from './requests.ts';

/** A Data API statement in the form that PostgreSQL takes. */
export interface Bound {
  /** The statement with $1, $2 ... in place of the names. */
  readonly text: string;
  readonly values: (string | Buffer | null)[];
}

/**
 * A parameter, or text that holds none: strings, quoted names, dollar quotes, casts. Comments are not skipped: the Data API
 * takes `:name` in them for a parameter, and so does this.
 */
const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|::|:([A-Za-z_]\w*)/g;

export function bind(sql: string, parameters: readonly WireParameter[]): Bound {
  const byName = new Map(parameters.map((parameter) => [parameter.name, toParameter(parameter)]));
  const places = new Map<string, number>();
  const values: Bound['values'] = [];
  const text = sql.replace(token, (whole: string, _tag: string | undefined, name: string | undefined) => {
    if (name === undefined) return whole;
    const parameter = byName.get(name);
    if (parameter === undefined) throw new DataApiError('BadRequestException', `Cannot find parameter: ${name}`);
    const place = places.get(name) ?? values.push(parameter.value);
    places.set(name, place);
    return parameter.type === undefined ? `$${place}` : `$${place}::${parameter.type}`;
  });
  return { text, values };
}

const hintedTypes: Readonly<Record<string, string>> = {
  DATE: 'date',
  DECIMAL: 'numeric',
  JSON: 'jsonb',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  UUID: 'uuid',
};

/**
 * Gives each value an explicit type, as on Aurora: there, comparing a string with a uuid fails although PostgreSQL would
 * have inferred the type, so a missing cast must fail here too. Only null has no type.
 */
function toParameter({ name, value = {}, typeHint }: WireParameter): { type?: string; value: string | Buffer | null } {
  if (value.arrayValue !== undefined)
    throw new DataApiError('BadRequestException', `Array parameters are not supported: ${name}`);
  if (value.isNull) return { value: null };
  if (value.blobValue !== undefined) return { type: 'bytea', value: Buffer.from(value.blobValue, 'base64') };
  const [type, text] = toTyped(value);
  if (text === undefined) throw new DataApiError('BadRequestException', `Parameter ${name} has no value`);
  return { type: hintedTypes[typeHint ?? ''] ?? type, value: String(text) };
}

function toTyped({ stringValue, longValue, doubleValue, booleanValue }: WireField) {
  if (stringValue !== undefined) return ['text', stringValue] as const;
  if (longValue !== undefined) return ['int8', longValue] as const;
  if (doubleValue !== undefined) return ['float8', doubleValue] as const;
  return ['bool', booleanValue] as const;
}
