package testkit

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test's own binary stand in for the product, as a child process.
func TestMain(m *testing.M) {
	switch os.Getenv("TESTKIT_STAND_IN") {
	case "":
		os.Exit(m.Run())
	case "refuses":
		fmt.Fprintln(os.Stderr, "PENDOPO_DATABASE_URL: wrong")
		os.Exit(2)
	case "babbles":
		fmt.Println("ready, I think")
		time.Sleep(time.Minute)
	}
	// TESTKIT_STAND_IN=serves
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM) // before it says that it is ready
	listener, err := net.Listen("tcp", os.Args[slices.Index(os.Args, "--addr")+1])
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stderr, "starting", os.Args[1:])
	fmt.Printf(`{"url":"http://%s","regions":[]}`+"\n", listener.Addr())
	go func() {
		_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s %v", r.Host, os.Getenv("PENDOPO_STRAY") != "")
		}))
	}()
	<-asked
	fmt.Fprintln(os.Stderr, "bye")
	os.Exit(0)
}

func standIn(t *testing.T, how string) (*Process, error) {
	t.Helper()
	t.Setenv("PENDOPO_STRAY", "1")
	p, err := start(os.Args[0], []string{"serve"}, []string{"TESTKIT_STAND_IN=" + how})
	if p != nil {
		t.Cleanup(p.Kill)
	}
	return p, err
}

func TestProcess(t *testing.T) {
	p, err := standIn(t, "serves")
	if err != nil {
		t.Fatal(err)
	}
	Run(t, p.Do(), Scenario{
		Host: "uji-a.localhost", Path: "/", Status: 200,
		Contains: []string{"uji-a.localhost false"}, NotContains: []string{"kenari"},
	})
	if at := p.At("uji-a.localhost", "/x"); !strings.HasPrefix(at, "http://uji-a.localhost:") || !strings.HasSuffix(at, "/x") {
		t.Error(at)
	}
	if err := p.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if log := p.Log(); !strings.Contains(log, "starting [serve --addr 127.0.0.1:0 --format json]") || !strings.Contains(log, "bye") {
		t.Errorf("log %q", log)
	}
}

func TestProcessThatIsNotReady(t *testing.T) {
	p, err := standIn(t, "refuses")
	if err == nil || !strings.Contains(err.Error(), "exit status 2") || !strings.Contains(p.Log(), "PENDOPO_DATABASE_URL: wrong") {
		t.Errorf("%v\n%s", err, p.Log())
	}
	if _, err := standIn(t, "babbles"); err == nil || !strings.Contains(err.Error(), "ready, I think") {
		t.Error(err)
	}
}

func TestProcessKilled(t *testing.T) {
	p, err := standIn(t, "serves")
	if err != nil {
		t.Fatal(err)
	}
	p.Kill()
	if err := p.Signal(syscall.SIGTERM); err != os.ErrProcessDone {
		t.Error(err)
	}
}

func TestScenarioSeesWhatIsWrong(t *testing.T) {
	do := Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Trace", "kenari-b")
		w.Header().Set("Location", "/login")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, "teh")
	}))
	for name, c := range map[string]struct {
		s    Scenario
		want string
	}{
		"all right":        {Scenario{Status: 418, Contains: []string{"teh"}, NotContains: []string{"kenari-a"}, Location: "/login"}, ""},
		"no canary named":  {Scenario{Status: 418}, "does not say whose canary"},
		"empty canary":     {Scenario{Status: 418, NotContains: []string{""}}, "does not say whose canary"},
		"status":           {Scenario{Status: 200, NotContains: []string{"kenari-a"}}, "status 418, want 200"},
		"missing":          {Scenario{Status: 418, Contains: []string{"kopi"}, NotContains: []string{"kenari-a"}}, `"kopi" is missing`},
		"leak in a header": {Scenario{Status: 418, NotContains: []string{"kenari-b"}}, "LEAK"},
		"sent elsewhere":   {Scenario{Status: 418, NotContains: []string{"kenari-a"}, Location: "/"}, `sent to "/login"`},
	} {
		_, _, wrong := c.s.ask(do)
		if got := strings.Join(wrong, "\n"); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestClock(t *testing.T) {
	c := NewClock(Morning)
	if c.Advance(time.Hour); !c.Now().Equal(Morning.Add(time.Hour)) {
		t.Error(c.Now())
	}
	if c.Set(Morning.Add(1500 * time.Nanosecond)); c.Now().Nanosecond() != 1000 {
		t.Error("a clock keeps whole microseconds, as the databases do")
	}
}
