# `npm start` and `bun start` are one line of package.json: each starts the command on its own runtime.
case $npm_config_user_agent in
  bun/*) exec bun adapters/bun/cli.ts serve "$@" ;;
  *) exec node dist/adapters/node/cli.js serve "$@" ;;
esac
