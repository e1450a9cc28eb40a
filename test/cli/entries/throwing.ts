setTimeout(() => {
  throw new Error("out of nowhere");
}, 300);

export default function deliver(): Response {
  return new Response();
}
