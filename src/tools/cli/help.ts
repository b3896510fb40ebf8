export const HELP = `express-tollgate: rate limiting for Express

  express-tollgate audit <module>     proves that every route of an Express app is limited
  express-tollgate replay <log>...    shows which requests of access logs your limits would have refused
  express-tollgate <command> --help   shows the options of a command
  express-tollgate --version          shows the version
`

export const AUDIT_HELP = `express-tollgate audit <module> [options]

Loads a module, finds the Express app in it and lists the routes of the app with their limits. The app is
the default export, the export \`app\`, module.exports, or what an exported function without parameters
returns: the app, or an object that holds it, such as { app }. Each may be a server instead: then what
answers in front of the app is listed too.

  --export <name>        the export that is the app or the server, or the function that creates it
  --except <path>        a route that may be unlimited, such as /health or "GET /health"; may be repeated
  --allow-before <name>  middleware that may run before a limiter, such as corsMiddleware; may be repeated
  --allow-shadow         accept limiters in shadow mode, which refuse no request
  --trust-skip           accept limiters with a skip function
  --format <format>      text, json, or sarif for code scanning; default text

Routes that a request can reach around a limiter come first. A limiter with a question mark is in doubt.
Exit code: 0 when every route is limited, 1 when a route is not proven to be limited, 2 for an error.
TypeScript needs a loader that you install: NODE_OPTIONS="--import tsx" npx express-tollgate audit ./app.ts
`

export const REPLAY_HELP = `express-tollgate replay <log>... [options]

Counts the requests of access logs as the limiter would have counted them, offline. The report shows which
clients would have been refused, when, and by which limits. A log is plain or gzipped. - is standard input.
Several logs are read in the order of their first times. These formats are recognised by themselves:

  combined, common              Apache, nginx and others
  vhost_combined                Apache, with the virtual host before the line
  json                          nginx, with the names of its variables; or any of the next three
  caddy, traefik, google-cloud  their JSON, one object a line
  alb                           AWS Application Load Balancer
  cloudfront                    AWS CloudFront, standard log
  iis                           IIS, or another W3C extended log with a line #Fields
  haproxy                       HAProxy, HTTP log

  --limit <n>               units in a window for all methods together, instead of --read and --write
  --read <n>, --write <n>   units in a window, at least 1, or false for no limit; default 1000
                            and 200. Several to compare are separated by commas: --read 50,100,200
  --window <seconds>        length of the window; default 60
  --algorithm <name>        fixed-window, sliding-window or token-bucket; default fixed-window
  --burst <n>               units that a token bucket holds
  --per <unit>              calendar windows instead: minute, hour, day, week or month
  --time-zone <name>        the time zone of --per; default UTC
  --starts-on <day>         the day on which a month begins; default 1
  --ttl <seconds>           how long an idle client is remembered
  --ipv6-subnet <bits>      bits of an IPv6 address that identify a client; default 56
  --trust <proxies>         proxies whose X-Forwarded-For is trusted, as in trustProxy; default none
  --forwarded-field <name>  field that holds X-Forwarded-For, if the format does not name it so; for haproxy
                            the number of the captured request header
  --format <name>           a format of those above, or auto; default auto
  --top <n>                 refused clients and minutes to list; default 10
  --mask                    hide the last part of addresses
  --chart <file>            write a chart, as an SVG file
  --json                    print the report as JSON
  --no-progress             show no progress bar
`
