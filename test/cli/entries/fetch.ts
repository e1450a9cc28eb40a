import deliver from "./function.ts";

export default { fetch: deliver };
