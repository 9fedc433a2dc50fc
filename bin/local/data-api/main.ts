import { serveStandIn } from '../stand-in.ts';
import { startDataApi } from './server.ts';

serveStandIn(startDataApi);
