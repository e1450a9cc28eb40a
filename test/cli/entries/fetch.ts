import deliver from "./function.ts";

const handler: { readonly fetch: typeof deliver } = { fetch: deliver };

export default handler;
