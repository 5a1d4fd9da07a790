// Types of the API's documented part, from its OpenAPI document into src/api/openapi.gen.ts. Says nothing when all is well.
import { writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const text = astToString(await openapiTS(new URL('../api/openapi.yaml', import.meta.url)));
writeFileSync(new URL('src/api/openapi.gen.ts', import.meta.url), `// Generated from api/openapi.yaml by web/types.mjs.\n${text}`);
