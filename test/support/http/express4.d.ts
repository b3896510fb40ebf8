declare module 'express4' {
  // The package express4 is Express 4. The types of Express 5 are right for the parts that the tests use.
  import express from 'express'
  export default express
}
