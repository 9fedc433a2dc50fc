import type { ColumnMetadata, Field, ResultSetOptions } from '@aws-sdk/client-rds-data';
import pg from 'pg';
import { dataApi } from '../../../functions/settings/data-api.ts';
import { DataApiError } from './errors.ts';

const { builtins } = pg.types;
const integers = new Set<number>([builtins.INT2, builtins.INT4, builtins.INT8]);
const floats = new Set<number>([builtins.FLOAT4, builtins.FLOAT8]);
const typeNames = new Map<number, string>(Object.entries(builtins).map(([name, oid]) => [oid, name.toLowerCase()]));

/**
 * Types that Aurora PostgreSQL can return through the Data API. It can return arrays too, but the agent's statements return
 * none. User-defined types (enums) are allowed separately: their numbers start above the built-in ones.
 */
const returnable = new Set<number>([
  ...[...integers, ...floats, builtins.NUMERIC, builtins.BOOL, builtins.BYTEA],
  ...[builtins.TEXT, builtins.VARCHAR, builtins.BPCHAR, builtins.UUID, builtins.JSON, builtins.JSONB],
  ...[builtins.DATE, builtins.TIME, builtins.TIMESTAMP, builtins.TIMESTAMPTZ, builtins.INET, builtins.CIDR],
]);
const nameType = 19;
const firstUserType = 16_384;

const { maxResultBytes, maxRowBytes } = dataApi;

/** A row in PostgreSQL's own text form. */
export type TextRow = readonly (string | null)[];

/** Throws the Data API's error for types or sizes that it cannot return. */
export function checkResult(rows: readonly TextRow[], columns: readonly pg.FieldDef[]): void {
  for (const { dataTypeID: type } of columns) {
    if (returnable.has(type) || type === nameType || type >= firstUserType) continue;
    const name = typeNames.get(type) ?? String(type);
    throw new DataApiError('UnsupportedResultException', `The result contains the unsupported data type ${name}.`);
  }
  let bytes = 0;
  for (const row of rows) {
    const rowBytes = row.reduce((sum, value) => sum + (value === null ? 0 : Buffer.byteLength(value)), 0);
    if (rowBytes > maxRowBytes)
      throw new DataApiError('BadRequestException', `Packet for query is too large: a row of ${rowBytes} bytes`);
    bytes += rowBytes;
  }
  if (bytes > maxResultBytes)
    throw new DataApiError('BadRequestException', 'Database returned more than the allowed response size limit');
}

export function toRecord(
  row: TextRow,
  columns: readonly pg.FieldDef[],
  options: ResultSetOptions,
): (Omit<Field, 'blobValue'> & { blobValue?: string })[] {
  return row.map((value, index) => toField(value, columns[index]?.dataTypeID ?? 0, options));
}

function toField(value: string | null, type: number, options: ResultSetOptions) {
  if (value === null) return { isNull: true };
  if (integers.has(type)) {
    return options.longReturnType === 'STRING' ? { stringValue: value } : { longValue: Number(value) };
  }
  if (floats.has(type)) return { doubleValue: Number(value) };
  if (type === builtins.BOOL) return { booleanValue: value === 't' };
  if (type === builtins.BYTEA) return { blobValue: Buffer.from(value.slice('\\x'.length), 'hex').toString('base64') };
  if (type === builtins.NUMERIC && options.decimalReturnType === 'DOUBLE_OR_LONG') return toDecimalField(value);
  return { stringValue: value };
}

function toDecimalField(value: string) {
  return /^-?\d+$/.test(value) ? { longValue: Number(value) } : { doubleValue: Number(value) };
}

/** The rows as JSON. Numbers keep all their digits, even those that the reader's parser drops. */
export function toJson(rows: readonly TextRow[], columns: readonly pg.FieldDef[]): string {
  const members = (row: TextRow) =>
    row.map((value, index) => `${JSON.stringify(columns[index]?.name)}:${toJsonValue(value, columns[index])}`);
  return `[${rows.map((row) => `{${members(row).join(',')}}`).join(',')}]`;
}

function toJsonValue(value: string | null, column: pg.FieldDef | undefined): string {
  if (value === null) return 'null';
  const type = column?.dataTypeID ?? 0;
  if (type === builtins.BOOL) return String(value === 't');
  const isNumber = integers.has(type) || floats.has(type) || type === builtins.NUMERIC;
  return isNumber && Number.isFinite(Number(value)) ? value : JSON.stringify(value);
}

export function toColumnMetadata(columns: readonly pg.FieldDef[]): ColumnMetadata[] {
  return columns.map(({ name, dataTypeID }) => ({
    name,
    label: name,
    typeName: typeNames.get(dataTypeID) ?? String(dataTypeID),
    nullable: 2,
  }));
}
