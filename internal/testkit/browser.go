package testkit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/proto"

	"github.com/pendopo-id/pendopo/internal/testkit/leash"
)

// chromium runs once a test process; each Browser is a context of its own in it, with no cookie, no
// cache and no storage of another's. Its leash ends it with the process.
var chromium = sync.OnceValues(func() (string, error) {
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		return "", errors.New("there is no browser: apt-get install chromium")
	}
	dir, err := os.MkdirTemp("", "pendopo-browser-")
	if err != nil {
		return "", err
	}
	cmd := exec.Command(path, "--headless=new", "--remote-debugging-port=0", "--user-data-dir="+dir,
		// Tests run as root in containers, where the sandbox does not start; they open our own pages only.
		"--no-sandbox", "--disable-dev-shm-usage",
		"--disable-gpu", "--disable-quic", "--no-first-run", "--no-default-browser-check",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-extensions", "--disable-default-apps", "--mute-audio", "--metrics-recording-only",
		"--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider",
		"--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding", "--disable-background-timer-throttling",
		"--force-color-profile=srgb", "--hide-scrollbars", "--lang=id", "--accept-lang=id-ID,id", "about:blank")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return "", err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	child, err := leash.Start(cmd, syscall.SIGKILL, dir)
	if err != nil {
		_ = os.RemoveAll(dir)
		return "", err
	}
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		// The port, a newline, and the path of the browser's own socket.
		text, _ := os.ReadFile(filepath.Join(dir, "DevToolsActivePort"))
		if port, socket, ok := bytes.Cut(text, []byte("\n")); ok && len(socket) > 0 {
			return fmt.Sprintf("ws://127.0.0.1:%s%s", port, bytes.TrimSpace(socket)), nil
		}
		select {
		case <-child.Done():
			return "", fmt.Errorf("%s ended: %w", path, child.Err())
		default:
		}
	}
	text, _ := os.ReadFile(log.Name())
	return "", errors.Join(fmt.Errorf("%s does not answer\n%s", path, text), child.Stop(0))
})

// Chrome is a browser for one test, as a person who has never been here would use it.
type Chrome struct {
	tb  testing.TB
	rod *rod.Browser
}

// Browser opens a browser for a test. Hosts under localhost resolve in it. Without a Chromium the test
// fails and says what to install.
func Browser(tb testing.TB) *Chrome {
	tb.Helper()
	notQuick(tb)
	address, err := chromium()
	if err != nil {
		tb.Fatalf("testkit: browser: %v", err)
	}
	root := rod.New().ControlURL(address).NoDefaultDevice()
	if err := root.Connect(); err != nil {
		tb.Fatalf("testkit: browser: %v", err)
	}
	own, err := root.Incognito()
	if err != nil {
		tb.Fatalf("testkit: browser: %v", err)
	}
	tb.Cleanup(func() {
		// Closing an incognito browser closes its pages and forgets what they stored.
		_ = proto.TargetDisposeBrowserContext{BrowserContextID: own.BrowserContextID}.Call(root.Timeout(10 * time.Second))
	})
	return &Chrome{tb, own}
}

// JSOff opens a page with JavaScript switched off. Rod's own gestures (Click, Focus) wait for an
// animation frame, which never comes on such a page: use Tap and Press.
func JSOff(p *Page) error { return proto.EmulationSetScriptExecutionDisabled{Value: true}.Call(p) }

// Page opens an address at a size in CSS pixels and waits until it has loaded.
func (c *Chrome) Page(address string, width, height int, opts ...func(*Page) error) *Page {
	c.tb.Helper()
	p, err := c.open(address, width, height, opts)
	if err != nil {
		c.tb.Fatalf("testkit: %s: %v", address, err)
	}
	return p
}

func (c *Chrome) open(address string, width, height int, opts []func(*Page) error) (*Page, error) {
	blank, err := c.rod.Page(proto.TargetCreateTarget{URL: "about:blank"})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute) // rather an error than a hang
	c.tb.Cleanup(cancel)
	p := &Page{Page: blank.Context(ctx), traffic: map[proto.NetworkRequestID]*exchange{}}
	if err := p.SetViewport(&proto.EmulationSetDeviceMetricsOverride{Width: width, Height: height, DeviceScaleFactor: 1}); err != nil {
		return nil, err
	}
	if err := p.watch(); err != nil {
		return nil, err
	}
	for _, opt := range opts {
		if err := opt(p); err != nil {
			return nil, err
		}
	}
	before, err := p.loader()
	if err != nil {
		return nil, err
	}
	if err := p.Navigate(address); err != nil {
		return nil, err
	}
	return p, p.loaded(before)
}
