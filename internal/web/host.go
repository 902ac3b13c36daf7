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

var contentLength, transferEncoding = []byte("content-length:"), []byte("transfer-encoding:")

// framed tells whether a request's headers say in one way only where its body ends (RFC 9112, 6.3): a length that
// stands twice, or beside a transfer coding, is what smuggles a second request past a proxy that reads the other.
func framed(raw []byte) bool {
	lengths, codings := count(raw, contentLength), count(raw, transferEncoding)
	return lengths+codings <= 1
}

// count counts header lines by their lower case name, without making a copy of the headers.
func count(raw, name []byte) (n int) {
	for i := -1; ; { // the first line has no line break before it
		line := raw[i+1:]
		if len(line) >= len(name) && bytes.EqualFold(line[:len(name)], name) {
			n++
		}
		next := bytes.IndexByte(line, '\n')
		if next < 0 {
			return n
		}
		i += 1 + next
	}
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
