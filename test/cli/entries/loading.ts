/** An app that never comes to an end of loading, and keeps its process busy meanwhile. */

import process from "node:process";

setInterval(() => {}, 1000);
console.log(`loading in ${process.pid}`);
await new Promise(() => {});

export default (): Response => new Response(null, { status: 204 });
