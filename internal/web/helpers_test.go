package web

import "github.com/valyala/fasthttp"

// newRequestCtx is a GET as the server has read it.
func newRequestCtx(host, path string) *fasthttp.RequestCtx {
	ctx := &fasthttp.RequestCtx{}
	ctx.Request.Header.SetMethod("GET")
	ctx.Request.SetRequestURI(path)
	ctx.Request.Header.SetHost(host)
	return ctx
}
