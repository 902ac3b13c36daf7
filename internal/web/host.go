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

// framed tells whether a request says in one way only where its body ends and whose host it is for (RFC 9112, 3.2 and
// 6.3): a length that stands twice or beside a transfer coding, or a coding that is not chunked alone, is what smuggles
// a second request past a proxy that reads it otherwise; and of two hosts a proxy may have looked at the other.
func framed(raw []byte) bool {
	ends, hosts := 0, 0
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		raw = rest
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			ends++
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			if ends++; !bytes.EqualFold(bytes.TrimSpace(value), []byte("chunked")) {
				return false
			}
		case bytes.EqualFold(name, []byte("Host")):
			hosts++
		}
	}
	return ends <= 1 && hosts <= 1
}

// address is the client's. X-Forwarded-For is read from its end, where our proxies have written, past
// those that we trust; what stands before was sent by the client and may be anything.
func (a *App) address(f *fiber.Ctx) netip.Addr {
	remote := peer(f)
	if !a.trusts(remote) {
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

// peer is who has opened the connection.
func peer(f *fiber.Ctx) netip.Addr {
	if tcp, ok := f.Context().RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// viaProxy tells whether the request came through a proxy of ours.
func (a *App) viaProxy(f *fiber.Ctx) bool { return a.trusts(peer(f)) }

func (a *App) trusts(addr netip.Addr) bool {
	for _, p := range a.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
