/** HTTP status of each error name, as the RDS Data API documents them. */
const statuses = {
  BadRequestException: 400,
  DatabaseErrorException: 400,
  DatabaseResumingException: 400,
  StatementTimeoutException: 400,
  ForbiddenException: 403,
  NotFoundException: 404,
  TransactionNotFoundException: 404,
  ResourceNotFoundException: 400,
  InternalServerErrorException: 500,
  DatabaseUnavailableException: 504,
} as const;

/** An error that the client gets under this name. */
export class DataApiError extends Error {
  override readonly name: keyof typeof statuses;

  constructor(name: keyof typeof statuses, message: string) {
    super(message);
    this.name = name;
  }

  get status(): number {
    return statuses[this.name];
  }
}

/** What the client is told of whatever went wrong while its statement ran. */
export function toDataApiError(error: unknown): DataApiError {
  if (error instanceof DataApiError) return error;
  if (!(error instanceof Error)) return new DataApiError('InternalServerErrorException', String(error));
  const state = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (state === '57014') return new DataApiError('StatementTimeoutException', 'Request timed out');
  // Five characters are an SQLSTATE; longer codes (ECONNREFUSED) are of the connection.
  if (state?.length === 5)
    return new DataApiError('DatabaseErrorException', `ERROR: ${error.message}; SQLState: ${state}`);
  return new DataApiError('DatabaseUnavailableException', error.message);
}
