import { DataApiError } from './errors.ts';
import type { WireField, WireParameter } from './requests.ts';

/** What PostgreSQL takes for the parameters of a Data API statement. */
export interface Bound {
  /** The statement with $1, $2 ... in place of the names. */
  readonly text: string;
  readonly values: (string | Buffer | null)[];
}

/**
 * Text that holds no parameter: strings, quoted names, dollar quotes, casts. Comments are not among it: the Data API
 * takes `:name` in them for a parameter, and so does this.
 */
const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|::|:([A-Za-z_]\w*)/g;

const hintedTypes: Readonly<Record<string, string>> = {
  DATE: 'date',
  DECIMAL: 'numeric',
  JSON: 'jsonb',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  UUID: 'uuid',
};

export function bind(sql: string, parameters: readonly WireParameter[]): Bound {
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const places = new Map<string, number>();
  const values: Bound['values'] = [];
  const text = sql.replace(token, (whole: string, _tag: string | undefined, name: string | undefined) => {
    if (name === undefined) return whole;
    const parameter = byName.get(name);
    if (parameter === undefined) throw new DataApiError('BadRequestException', `Cannot find parameter: ${name}`);
    const place = places.get(name) ?? values.push(toText(name, parameter.value));
    places.set(name, place);
    const type = hintedTypes[parameter.typeHint ?? ''];
    return type === undefined ? `$${place}` : `$${place}::${type}`;
  });
  return { text, values };
}

function toText(name: string, field: WireField | undefined): string | Buffer | null {
  if (field === undefined || field.isNull) return null;
  if (field.arrayValue !== undefined)
    throw new DataApiError('BadRequestException', `Array parameters are not supported: ${name}`);
  if (field.blobValue !== undefined) return Buffer.from(field.blobValue, 'base64');
  const value = field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue;
  if (value === undefined) throw new DataApiError('BadRequestException', `Parameter ${name} has no value`);
  return String(value);
}
