import { cloudPorts } from '../../functions/aws/doctor.ts';
import { gatewayCredentials } from '../../functions/aws/secrets.ts';
import { doctorStore } from '../../functions/database/doctor-store.ts';
import { lastVersion } from '../../functions/database/schema-store.ts';
import { type DoctorPorts, examine } from '../../functions/operation/doctor.ts';
import type { CloudPorts } from '../../functions/operation/doctor-cloud.ts';
import { stops } from '../../functions/operation/finding.ts';
import { rolesOf } from '../../functions/settings/roles.ts';
import type { Connection } from './connect.ts';
import { connectQueues } from './connect-queues.ts';
import { doctorText } from './doctor-text.ts';
import { type Place, queueNames } from './options.ts';
import { isDenied, reasonOf, toProblem } from './problems.ts';

/** Sets the exit code if something stops sending. */
export async function answerDoctor(
  { json, place }: { json: boolean; place: Place },
  { database, databaseName, where }: Connection,
): Promise<string> {
  const hasQueues = 'local' in place || place.queueUrls !== undefined;
  const connection = hasQueues ? connectQueues(place) : undefined;
  const unsaid = `set ${queueNames.join(', ')}, as the collector has them`;
  const roles = rolesOf(databaseName);
  const ports: DoctorPorts = {
    store: doctorStore(database, roles),
    deadLetters: (lane) => (connection === undefined ? { unsaid } : () => connection.queues.count(lane)),
    credentials: credentialsOf(place),
    cloud: 'local' in place ? onThisMachine : cloudPorts(place),
    errors: { explain: (error) => reasonOf(toProblem(error, where)), isDenied },
  };
  try {
    const findings = await examine(ports, { timeZone: database.timeZone, roles, lastVersion });
    if (stops(findings)) process.exitCode = 1;
    return json ? JSON.stringify({ findings }) : doctorText(findings);
  } finally {
    connection?.close();
  }
}

function credentialsOf(place: Place): DoctorPorts['credentials'] {
  if ('local' in place) return { skipped: 'the simulator has credentials of its own' };
  if (place.gatewaySecretArn === undefined) return { unsaid: 'set GATEWAY_SECRET_ARN, as the sender has it' };
  return gatewayCredentials(place.gatewaySecretArn);
}

/** What an agent on this machine has no part of. */
const onThisMachine: CloudPorts = {
  cluster: { skipped: 'a PostgreSQL on this machine stands in for Aurora' },
  concurrency: { skipped: 'functions are processes on this machine, without a quota' },
  serviceRole: { skipped: 'there is no ECS on this machine' },
  receiver: { skipped: 'a process on this machine, restarted when it ends; see the report stream' },
  gateway: { skipped: 'the simulator stands in for it; the report stream shows whether it answers' },
};
