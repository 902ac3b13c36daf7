package web

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/authz"
)

// raw are requests that no browser sends.
var raw = map[string]int{
	"GET http://elsewhere/ HTTP/1.1\r\nHost: bangka.localhost\r\n\r\n":                                                  400,
	"GET http://belitung.localhost/halo HTTP/1.1\r\nHost: bangka.localhost\r\n\r\n":                                     400,
	"OPTIONS * HTTP/1.1\r\nHost: bangka.localhost\r\n\r\n":                                                              400,
	"GET halo HTTP/1.1\r\nHost: bangka.localhost\r\n\r\n":                                                               400,
	"GET //elsewhere/%2e%2e/ HTTP/1.1\r\nHost: bangka.localhost\r\n\r\n":                                                404,
	"GET /halo HTTP/1.1\r\nHost:\r\n\r\n":                                                                               404,
	"GET /halo HTTP/1.1\r\nHost: [::1]:80\r\n\r\n":                                                                      404,
	"CONNECT bangka.localhost:80 HTTP/1.1\r\nHost: bangka.localhost\r\n\r\n":                                            400,
	"POST /halo HTTP/1.1\r\nHost: bangka.localhost\r\nContent-Length: 99999999\r\n\r\n":                                 413,
	"GET /halo?lang=%ff%00 HTTP/1.1\r\nHost: bangka.localhost\r\nCookie: lang=\xff; sid=%00\r\n\r\n":                    200,
	"GET /halo HTTP/1.1\r\nHost: BANGKA.localhost.\r\n\r\n":                                                             200,
	"GET /halo HTTP/1.1\r\nHost: bangka.localhost\r\nAuthorization: Bearer\r\n\r\n":                                     401,
	"GET /halo HTTP/1.1\r\nHost: bangka.localhost\r\nX-A: " + strings.Repeat("a", 64<<10) + "\r\n\r\n":                  431,
	"GET /panik HTTP/1.1\r\nHost: bangka.localhost\r\n\r\n":                                                             500,
	"POST /halo HTTP/1.1\r\nHost: bangka.localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n":                     400,
	"POST /halo HTTP/1.1\r\nHost: bangka.localhost\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n":                400,
	"POST /halo HTTP/1.1\r\nHost: bangka.localhost\r\nTransfer-Encoding: identity\r\n\r\n":                              400,
	"GET /halo HTTP/1.1\r\nHost: bangka.localhost\r\nhost: belitung.localhost\r\n\r\n":                                  400,
	"POST /halo HTTP/1.1\r\nHost: bangka.localhost\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhalo!":              400,
	"POST /halo HTTP/1.1\r\nHost: bangka.localhost\r\nContent-Length: 0\r\ncontent-LENGTH: 5\r\n\r\nhalo!":              400,
	"POST /halo HTTP/1.1\r\nContent-Length: 5\r\nHost: bangka.localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 400,
	"GET /halo HTTP/1.1\r\nHost: bangka.localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalo!\r\n0\r\n\r\n":         200,
}

func rawSite(t testing.TB) *site {
	s := newSite(t, func(c *Config) { c.LimitsOff = true })
	s.Tenant().Get("/halo", authz.Public, func(c *Ctx) error { return c.JSON(200, "halo") })
	s.Tenant().Post("/halo", authz.Public, func(c *Ctx) error { return c.JSON(200, "halo") })
	s.Tenant().Get("/panik", authz.Public, func(*Ctx) error { panic("a handler's") })
	return s
}

// Whatever is sent gets an answer, and the next one is served: a request ends no process.
func TestNoRequestEndsTheServer(t *testing.T) {
	address := strings.TrimPrefix(start(t, rawSite(t)), "http://")
	ask := func(request string) (int, error) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return 0, err
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
		go func() { _, _ = io.WriteString(conn, request) }()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return 0, err
		}
		return res.StatusCode, res.Body.Close()
	}
	for request, want := range raw {
		if status, err := ask(request); err != nil || status != want {
			t.Errorf("%.90q: %d, want %d (%v)", request, status, want, err)
		}
		if status, err := ask("GET /halo HTTP/1.1\r\nHost: bangka.localhost\r\n\r\n"); err != nil || status != 200 {
			t.Fatalf("after %.90q: %d (%v)", request, status, err)
		}
	}
}

// onePipe is a connection that holds what a client has sent and keeps what it is answered.
type onePipe struct {
	io.Reader
	out bytes.Buffer
}

func (p *onePipe) Write(b []byte) (int, error)    { return p.out.Write(b) }
func (*onePipe) Close() error                     { return nil }
func (*onePipe) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
func (*onePipe) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4000} }
func (*onePipe) SetDeadline(time.Time) error      { return nil }
func (*onePipe) SetReadDeadline(time.Time) error  { return nil }
func (*onePipe) SetWriteDeadline(time.Time) error { return nil }

// FuzzRequest: a panic that nobody recovers ends the fuzzing, as it would end the process.
func FuzzRequest(f *testing.F) {
	for request := range raw {
		f.Add([]byte(request))
	}
	s := rawSite(f)
	if err := s.Ready(); err != nil {
		f.Fatal(err)
	}
	s.fiber.Handler() // builds the stack
	f.Fuzz(func(t *testing.T, request []byte) {
		conn := &onePipe{Reader: bytes.NewReader(request)}
		if err := s.fiber.Server().ServeConn(conn); err != nil && errors.Is(err, io.ErrShortWrite) {
			t.Error(err)
		}
		if bytes.Contains(conn.out.Bytes(), []byte("goroutine ")) {
			t.Errorf("an answer shows a stack: %q", conn.out.Bytes())
		}
	})
}
