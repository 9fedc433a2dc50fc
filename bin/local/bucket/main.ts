import { serveStandIn } from '../stand-in.ts';
import { startBucket } from './server.ts';

serveStandIn(startBucket);
