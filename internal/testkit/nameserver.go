package testkit

import (
	bigendian "encoding/binary"
	"io"
	"net"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// NameServer answers questions for TXT and A records on 127.0.0.1, over UDP and TCP, and knows nothing else.
type NameServer struct {
	Address string // "127.0.0.1:40123"
	mu      sync.Mutex
	texts   map[string]string
	hosts   map[string][4]byte
}

// NewNameServer starts one that knows nothing yet.
func NewNameServer(tb testing.TB) *NameServer {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = ln.Close() })
	conn, err := net.ListenPacket("udp", ln.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	s := &NameServer{Address: conn.LocalAddr().String(), texts: map[string]string{}, hosts: map[string][4]byte{}}
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if answer, err := s.answer(buf[:n]); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go s.talk(c)
		}
	}()
	return s
}

// talk answers over TCP, where each message has its length before it.
func (s *NameServer) talk(c net.Conn) {
	defer c.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			return
		}
		question := make([]byte, bigendian.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c, question); err != nil {
			return
		}
		answer, err := s.answer(question)
		if err != nil {
			return
		}
		if _, err := c.Write(append(bigendian.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil { //nolint:gosec // a message of ours is short
			return
		}
	}
}

// Show makes a name show a TXT record, and no other.
func (s *NameServer) Show(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts[name+"."] = value
}

// Hide takes a name's records away.
func (s *NameServer) Hide(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.texts, name+".")
	delete(s.hosts, name+".")
}

// Point makes a host lead to this machine.
func (s *NameServer) Point(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[host+"."] = [4]byte{127, 0, 0, 1}
}

func (s *NameServer) answer(question []byte) ([]byte, error) {
	var p dnsmessage.Parser
	head, err := p.Start(question)
	if err != nil {
		return nil, err
	}
	q, err := p.Question()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	text, hasText := s.texts[q.Name.String()]
	host, hasHost := s.hosts[q.Name.String()]
	s.mu.Unlock()
	head.Response, head.Authoritative = true, true
	if !hasText && !hasHost {
		head.RCode = dnsmessage.RCodeNameError
	}
	b := dnsmessage.NewBuilder(nil, head)
	if err := b.StartQuestions(); err != nil {
		return nil, err
	}
	if err := b.Question(q); err != nil {
		return nil, err
	}
	if err := b.StartAnswers(); err != nil {
		return nil, err
	}
	about := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
	switch {
	case hasText && q.Type == dnsmessage.TypeTXT:
		err = b.TXTResource(about, dnsmessage.TXTResource{TXT: []string{text}})
	case hasHost && q.Type == dnsmessage.TypeA:
		err = b.AResource(about, dnsmessage.AResource{A: host})
	}
	if err != nil {
		return nil, err
	}
	return b.Finish()
}
