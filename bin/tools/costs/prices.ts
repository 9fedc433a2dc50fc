/** In US dollars. */
export interface Price {
  readonly what: string;
  readonly usd: number;
  readonly per: string;
  /** The page where AWS lists it. */
  readonly page: string;
  /** Whether a public copy of AWS's price list has it, or only what others say of it. */
  readonly isListed: boolean;
}

/** When those copies were made of the price list (pricing.us-east-1.amazonaws.com, ap-northeast-2). */
export const listedOn = '2026-10-01';

type Row = readonly [what: string, usd: number, per: string, page: string];

const listed = ([what, usd, per, page]: Row): Price => ({ what, usd, per, page: pageOf(page), isListed: true });
const said = (row: Row): Price => ({ ...listed(row), isListed: false });
const pageOf = (path: string) => `https://aws.amazon.com/${path}/pricing/`;

/** List prices of ap-northeast-2 (Seoul), of the first tier, without what AWS gives for free. */
export const prices = {
  natGatewayHour: listed(['NAT gateway', 0.059, 'hour', 'vpc']),
  natGatewayGb: listed(['NAT gateway: data', 0.059, 'GB', 'vpc']),
  publicAddressHour: listed(['public IPv4 address', 0.005, 'hour', 'vpc']),
  transferOutGb: listed(['data to the internet', 0.126, 'GB', 'ec2/on-demand']),
  capacityHour: listed(['Aurora Serverless v2', 0.2, 'ACU-hour', 'rds/aurora']),
  databaseStorageGb: listed(['Aurora: storage', 0.12, 'GB-month', 'rds/aurora']),
  databaseIo: listed(['Aurora: I/O', 0.24, 'million', 'rds/aurora']),
  dataApi: said(['Data API', 0.42, 'million', 'rds/aurora']),
  lambdaGbSecond: listed(['Lambda on arm64', 0.0000133334, 'GB-second', 'lambda']),
  lambdaRequest: listed(['Lambda: invocations', 0.2, 'million', 'lambda']),
  fargateProcessorHour: listed(['Fargate on arm64', 0.03725, 'vCPU-hour', 'fargate']),
  fargateGbHour: listed(['Fargate on arm64: memory', 0.00409, 'GB-hour', 'fargate']),
  queueRequest: said(['SQS', 0.4, 'million', 'sqs']),
  secret: listed(['secret', 0.4, 'month', 'secrets-manager']),
  key: listed(['KMS key', 1, 'month', 'kms']),
  alarm: listed(['alarm, for each metric that it reads', 0.1, 'month', 'cloudwatch']),
  metric: listed(['metric', 0.3, 'month', 'cloudwatch']),
  dashboard: said(['dashboard', 3, 'month', 'cloudwatch']),
  logGb: listed(['logs', 0.76, 'GB', 'cloudwatch']),
  trace: said(['trace (X-Ray)', 5, 'million', 'xray']),
  instanceHour: said(['t4g.nano', 0.0052, 'hour', 'ec2/on-demand']),
  diskGb: said(['disk (gp3)', 0.0912, 'GB-month', 'ebs']),
} as const satisfies Readonly<Record<string, Price>>;

export type PriceName = keyof typeof prices;
