package idp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"

	"github.com/pendopo-id/pendopo/tenants"
)

// What one question to a provider may take.
const (
	dialWithin = 3 * time.Second
	askWithin  = 5 * time.Second
	maxBody    = 256 << 10
	maxHeader  = 64 << 10
)

var (
	errPrivate  = errors.New("the address is not on the public internet, and PENDOPO_SSO_NETWORKS does not name its network")
	errPlain    = errors.New("not an https address")
	errRedirect = errors.New("it sends us elsewhere, which is not followed: name the issuer by its final address")
	errLarge    = fmt.Errorf("its answer is larger than %d KiB", maxBody>>10)
)

// special are the networks of the special-purpose registries (RFC 6890 and its successors) that netip has no word for.
// A name that leads there leads into somebody's network, or to this machine by another road.
var special = func() (out []netip.Prefix) {
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
	} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}()

// public tells whether an address is on the public internet.
func public(ip netip.Addr) bool {
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && ip.Zone() == "" && !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// may tells whether a provider may be asked at an address.
func (c *Client) may(ip netip.Addr) bool {
	ip = ip.Unmap()
	return public(ip) || slices.ContainsFunc(c.opt.Networks, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// control looks at the address that a name has led to, at the moment of connecting: a name that was looked at before
// may lead elsewhere by then (DNS rebinding).
func (c *Client) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !c.may(at.Addr()) {
		return errPrivate
	}
	return nil
}

// secure tells whether an address may be asked: by TLS, or one of this machine, where the operator lets it be asked.
func (c *Client) secure(u *url.URL) bool {
	return u.Scheme == "https" && u.Host != "" || u.Scheme == "http" && tenants.ThisMachine(u.Hostname())
}

// newHTTP is the only way in which this package reaches anybody. It follows no redirect, keeps no cookie, knows no
// proxy, and reads no more than it must.
func (c *Client) newHTTP() *http.Client {
	dialer := &net.Dialer{Timeout: dialWithin, Control: c.control}
	inner := &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: dialWithin, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.opt.Roots},
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, MaxConnsPerHost: 4 * PerOwner, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: maxHeader, DisableCompression: true,
	}
	return &http.Client{
		Timeout: askWithin, Transport: bounded{c, inner},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
	}
}

// bounded refuses addresses without TLS, and answers that do not end.
type bounded struct {
	c     *Client
	inner http.RoundTripper
}

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if !b.c.secure(r.URL) {
		return nil, errPlain
	}
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "pendopo")
	res, err := b.inner.RoundTrip(r)
	if err == nil {
		res.Body = &limited{res.Body, maxBody}
	}
	return res, err
}

type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLarge
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.ReadCloser.Read(p)
	l.left -= int64(n)
	return n, err
}
