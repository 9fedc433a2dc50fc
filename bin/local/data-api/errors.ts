import pg from 'pg';
import * as z from 'zod';

/** HTTP status of each error name, as the RDS Data API documents them. */
const statuses = {
  BadRequestException: 400,
  DatabaseErrorException: 400,
  DatabaseResumingException: 400,
  StatementTimeoutException: 400,
  UnsupportedResultException: 400,
  ResourceNotFoundException: 400,
  InvalidSecretException: 400,
  SecretsErrorException: 400,
  ForbiddenException: 403,
  NotFoundException: 404,
  TransactionNotFoundException: 404,
  InternalServerErrorException: 500,
  ServiceUnavailableError: 503,
  DatabaseUnavailableException: 504,
} as const;

export type DataApiErrorName = keyof typeof statuses;

/** An error that reaches the client under this name. */
export class DataApiError extends Error {
  override readonly name: DataApiErrorName;

  constructor(name: DataApiErrorName, message: string) {
    super(message);
    this.name = name;
  }

  get status(): number {
    return statuses[this.name];
  }
}

/** The error that the client gets for whatever went wrong while its statement ran. */
export function toDataApiError(error: unknown): DataApiError {
  if (error instanceof DataApiError) return error;
  if (error instanceof z.ZodError) return new DataApiError('BadRequestException', z.prettifyError(error));
  if (error instanceof SyntaxError) return new DataApiError('BadRequestException', error.message);
  if (error instanceof pg.DatabaseError) return fromPostgresql(error);
  // Anything else concerns the connection to the database: refused, reset, closed.
  return new DataApiError('DatabaseUnavailableException', error instanceof Error ? error.message : String(error));
}

function fromPostgresql({ code, message, position }: pg.DatabaseError): DataApiError {
  if (code === '57014') return new DataApiError('StatementTimeoutException', 'Request timed out');
  const where = position === undefined ? '' : ` Position: ${position};`;
  return new DataApiError('DatabaseErrorException', `ERROR: ${message};${where} SQLState: ${code}`);
}
