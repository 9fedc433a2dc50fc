import { startQueue } from './queue/server.ts';
import { serveStandIn } from './stand-in.ts';

serveStandIn(startQueue);
