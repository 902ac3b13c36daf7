package web

import (
	"bytes"
	"net"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"
)

// plainHost is a Host header's name: without port and trailing dot, in lower case. The string shares
// the header's memory when nothing had to be changed, so it must not outlive the request.
func plainHost(header []byte) string {
	if len(header) > 0 && header[0] == '[' { // an IPv6 literal, which is nobody's host
		return ""
	}
	h, upper := header, false
	for i, c := range header {
		if c == ':' {
			h = header[:i]
			break
		}
		upper = upper || c >= 'A' && c <= 'Z'
	}
	if n := len(h); n > 0 && h[n-1] == '.' {
		h = h[:n-1]
	}
	if upper {
		return string(bytes.ToLower(h))
	}
	return utils.UnsafeString(h)
}

// address is the client's. X-Forwarded-For is read from its end, where our proxies have written, past
// those that we trust; what stands before was sent by the client and may be anything.
func (a *App) address(f *fiber.Ctx) netip.Addr {
	remote := netip.Addr{}
	if tcp, ok := f.Context().RemoteAddr().(*net.TCPAddr); ok {
		remote = tcp.AddrPort().Addr().Unmap()
	}
	if len(a.trusted) == 0 || !a.trusts(remote) {
		return remote
	}
	lines := f.Request().Header.PeekAll(fiber.HeaderXForwardedFor)
	for i := len(lines) - 1; i >= 0; i-- {
		hops := strings.Split(string(lines[i]), ",")
		for j := len(hops) - 1; j >= 0; j-- {
			hop, err := netip.ParseAddr(strings.TrimSpace(hops[j]))
			if err != nil {
				return remote
			}
			if remote = hop.Unmap(); !a.trusts(remote) {
				return remote
			}
		}
	}
	return remote
}

func (a *App) trusts(addr netip.Addr) bool {
	for _, p := range a.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
