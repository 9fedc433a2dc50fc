import { serveStandIn } from '../stand-in.ts';
import { startQueue } from './server.ts';

serveStandIn(startQueue);
