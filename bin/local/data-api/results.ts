import type { ColumnMetadata, Field, ResultSetOptions } from '@aws-sdk/client-rds-data';
import pg from 'pg';
import { DataApiError } from './errors.ts';

const { builtins } = pg.types;
const integers = new Set<number>([builtins.INT2, builtins.INT4, builtins.INT8]);
const floats = new Set<number>([builtins.FLOAT4, builtins.FLOAT8]);

/** Names as the Data API gives them, for the types that the agent's statements return; others by their number. */
const typeNames = new Map<number, string>(Object.entries(builtins).map(([name, oid]) => [oid, name.toLowerCase()]));

const maxResultBytes = 1024 * 1024;
const maxRowBytes = 64 * 1024;

/** Rows as the Data API writes them. Values arrive as PostgreSQL's own text. */
export function toRecords(
  rows: readonly (string | null)[][],
  columns: readonly pg.FieldDef[],
  options: ResultSetOptions | undefined,
): Field[][] {
  let bytes = 0;
  return rows.map((row) => {
    const record = row.map((value, index) => toField(value, columns[index]?.dataTypeID ?? 0, options));
    const rowBytes = row.reduce((sum, value) => sum + (value === null ? 1 : Buffer.byteLength(value)), 0);
    if (rowBytes > maxRowBytes) throw tooLarge(`a row of ${rowBytes} bytes, at most ${maxRowBytes}`);
    bytes += rowBytes;
    if (bytes > maxResultBytes) throw tooLarge(`more than ${maxResultBytes} bytes`);
    return record;
  });
}

function tooLarge(what: string): DataApiError {
  return new DataApiError(
    'BadRequestException',
    `Database returned more than the allowed response size limit: ${what}`,
  );
}

function toField(value: string | null, type: number, options: ResultSetOptions | undefined): Field {
  if (value === null) return { isNull: true };
  if (integers.has(type)) {
    return options?.longReturnType === 'STRING' ? { stringValue: value } : { longValue: Number(value) };
  }
  if (floats.has(type)) return { doubleValue: Number(value) };
  if (type === builtins.BOOL) return { booleanValue: value === 't' };
  if (type === builtins.NUMERIC && options?.decimalReturnType !== 'STRING') return { doubleValue: Number(value) };
  return { stringValue: value };
}

export function toColumnMetadata(columns: readonly pg.FieldDef[]): ColumnMetadata[] {
  return columns.map(({ name, dataTypeID }) => ({
    name,
    label: name,
    typeName: typeNames.get(dataTypeID) ?? String(dataTypeID),
    nullable: 2,
  }));
}
