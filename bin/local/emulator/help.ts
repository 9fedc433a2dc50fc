import { region } from './deployment.ts';
import type { EmulatedAgent } from './emulated-agent.ts';
import type { Emulator } from './emulator.ts';

/** Commands for a person to try on an agent that stays up. */
export async function helpText({ customerUrl, deployed }: EmulatedAgent, { endpoint }: Emulator): Promise<string> {
  const databaseUrl = await customerUrl();
  const { FunctionName, LoggingConfig } = await deployed.functionOf('collector');
  const aws = `AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test aws --region ${region} --endpoint-url ${endpoint}`;
  return `
The agent is up in the emulator. Ctrl-C destroys it.

  insert     psql "${databaseUrl}" -c "insert into msg_tran (channel_order, request_date, callback, recipient, mt_content)
               values ('sms', now(), '0200000000', '01000000001', 'Hello')"
  watch      psql "${databaseUrl}" -c "select client_key, msg_status, mt_report_code from msg_tran
               union all select client_key, msg_status, mt_report_code from msg_log"
  status     npx --no-install omni-agent status --local
  functions  ${aws} lambda list-functions --query 'Functions[].FunctionName'
  invoke     ${aws} lambda invoke --function-name ${FunctionName} /dev/stdout
  its log    ${aws} logs tail ${LoggingConfig?.LogGroup ?? `/aws/lambda/${FunctionName}`}
`;
}
