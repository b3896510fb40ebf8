declare module 'express4' {
  // Express 4 under an alias; the types of 5 cover what the tests use of it.
  import express from 'express'
  export default express
}
