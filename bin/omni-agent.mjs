#!/usr/bin/env node
// The operator's command: its program is TypeScript, which Node 20 runs through tsx.
import { register } from 'tsx/esm/api';

register();
await import('./omni-agent.ts');
