package web

// policy allows what the pages use: our own files, nothing inline, nothing from elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// securityHeaders stand on every response, streams and errors included.
func securityHeaders(https bool) [][2]string {
	headers := [][2]string{
		{"Content-Security-Policy", policy},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
		{"Referrer-Policy", "strict-origin-when-cross-origin"},
		{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
	}
	if https {
		headers = append(headers, [2]string{"Strict-Transport-Security", "max-age=31536000; includeSubDomains"})
	}
	return headers
}

// strictOwn is said at a region's own domain, which may be the whole of the government's: what else lies under it is not
// ours to speak for.
const strictOwn = "max-age=31536000"

// strict is what Strict-Transport-Security says at this host where it says something else than everywhere; "": it does
// not.
func (c *Ctx) strict() string {
	if c.Tenant == nil || !c.app.https() || c.atHome() {
		return ""
	}
	return strictOwn
}
