import { startDataApi } from './data-api/server.ts';
import { serveStandIn } from './stand-in.ts';

serveStandIn(startDataApi);
