import { Router } from 'express'
import { auditRoutes } from 'express-tollgate/audit'
import { openApiDocument } from '../openapi/document.ts'

/** The document of all routes of an app, made when it is first asked for: then all of them are there. */
export function openApiRoutes(app: unknown): Router {
  const router = Router()
  let document: ReturnType<typeof openApiDocument> | undefined
  router.get('/', (_req, res) => {
    document ??= openApiDocument(auditRoutes(app))
    res.json(document)
  })
  return router
}
