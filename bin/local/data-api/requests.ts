import * as z from 'zod';

/** The Data API's requests, as far as this server supports them. */
const field = z.object({
  isNull: z.boolean().optional(),
  stringValue: z.string().optional(),
  longValue: z.number().optional(),
  doubleValue: z.number().optional(),
  booleanValue: z.boolean().optional(),
  blobValue: z.string().optional(),
  arrayValue: z.json().optional(),
});
const parameters = z.array(z.object({ name: z.string(), value: field.optional(), typeHint: z.string().optional() }));
const statement = z.object({ sql: z.string(), transactionId: z.string().optional() });
/** Every call names the secret that it logs in with. */
export const anyRequest = z.object({ secretArn: z.string() });
export const statementRequest = statement.extend({
  parameters: parameters.default([]),
  includeResultMetadata: z.boolean().default(false),
  continueAfterTimeout: z.boolean().default(false),
  formatRecordsAs: z.enum(['JSON', 'NONE']).default('NONE'),
  resultSetOptions: z
    .object({ longReturnType: z.enum(['LONG', 'STRING']), decimalReturnType: z.enum(['STRING', 'DOUBLE_OR_LONG']) })
    .partial()
    .default({}),
});
export const batchRequest = statement.extend({ parameterSets: z.array(parameters).default([[]]) });

/** As on the wire: blobs are base64 text. */
export type WireField = z.output<typeof field>;
export type WireParameter = z.output<typeof parameters>[number];
export type StatementRequest = z.output<typeof statementRequest>;
export type BatchRequest = z.output<typeof batchRequest>;
