/**
 * A function among the options. Its parameters may be annotated with a type that is narrower than the limiter's, such as
 * `Request<{ provider: string }>` or a request with a user: the route on which the limiter stands makes it true.
 */
export type Callback<Args extends readonly unknown[], Result> = {
  // A method, because the compiler accepts narrower parameters of methods only.
  call(...args: Args): Result
}['call']
