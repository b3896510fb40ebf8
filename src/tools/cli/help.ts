export const HELP = `express-tollgate: rate limiting for Express

  express-tollgate audit <module>     proves that a limiter stands before every route of an app
  express-tollgate replay <log>...    shows what limits would have done to the requests of access logs
  express-tollgate entries <log>...   prints what access logs hold as JSON, for other programs
  express-tollgate <command> --help   the options of a command
  express-tollgate --version
`

export const AUDIT_HELP = `express-tollgate audit <module> [options]

Loads a module, finds the Express app in it and lists its routes with their limits. The app is the default
export, the export \`app\`, module.exports, or what an exported function without parameters returns.

  --export <name>   the export that is the app, or makes it
  --except <path>   a route that may be unlimited, such as /health or "GET /health"; again for each
  --allow-shadow    accept limiters in shadow mode, which refuse nobody
  --trust-skip      accept limiters with a skip function
  --json            print the report as JSON

Exit code: 0 when every route is limited, 1 when one is not or cannot be proven to be, 2 for mistakes.
TypeScript needs a loader of yours: NODE_OPTIONS="--import tsx" npx express-tollgate audit ./app.ts
`

export const REPLAY_HELP = `express-tollgate replay <log>... [options]

Runs access logs through the limiter, offline: who would have been refused, when, and by which limits. Logs are
plain or gzipped, in the common or combined format or as JSON with the names of nginx's variables; - is
standard input. Several logs are played in the order of their first lines.

  --read <n>, --write <n>   units in a window, or false for no limit; default 1000 and 200
  --window <seconds>        default 60
  --algorithm <name>        fixed-window, sliding-window or token-bucket; default fixed-window
  --burst <n>               what a token bucket holds
  --ttl <seconds>           how long an idle client is remembered
  --ipv6-subnet <bits>      of an IPv6 address that identify a client; default 56
  --trust <proxies>         as trustProxy: whose X-Forwarded-For in the log to believe; default nobody's
  --forwarded-field <name>  of JSON, that holds X-Forwarded-For; default http_x_forwarded_for
  --format <name>           auto, combined, common or json; default auto
  --top <n>                 clients and minutes to name; default 10
  --mask                    hide the last part of addresses
  --chart <file>            draw an SVG
  --json                    print the report as JSON
  --no-progress             no progress bar
`

export const ENTRIES_HELP = `express-tollgate entries <log>... [options]

Prints access logs as JSON, one object for each line: address, forwarded, timeMs, method, target and status of a
request, or why the line is unreadable; and share, how much has been read, from 0 to 1. Logs as for replay.

  --format <name>           auto, combined, common or json; default auto
  --forwarded-field <name>  of JSON, that holds X-Forwarded-For; default http_x_forwarded_for
`
