import { Router } from 'express'
import { auditRoutes } from 'express-tollgate/audit'
import { openApiDocument } from '../openapi/document.ts'

/** The document of all routes of an app. It is made at the first request, when the app has all its routes. */
export function openApiRoutes(app: unknown): Router {
  const router = Router()
  let document: ReturnType<typeof openApiDocument> | undefined
  router.get('/', (_req, res) => {
    document ??= openApiDocument(auditRoutes(app))
    res.json(document)
  })
  return router
}
