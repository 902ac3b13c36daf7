package notify_test

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/jobs"
	"github.com/pendopo-id/pendopo/internal/notify"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// serveMessages is a process of the service: it hands messages over until it is told to stop.
func serveMessages(database, gateway string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	// As far ahead as the messages are: the parent's clock shows the tests' morning.
	db, err := store.Open(ctx, store.Config{URL: database, Models: testkit.Models, ReadConns: 6, Clock: clock.Shifted(testkit.Morning.Sub(clock.System.Now()))})
	if err != nil {
		return err
	}
	defer db.Close()
	testkit.UseMasterKey(db)
	reg := tenant.NewRegistry(db, "mpp.test", nil)
	if err := reg.Refresh(ctx); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	service := notify.New(db, notify.Options{
		Registry: reg, Log: log, Resolve: resolve, Site: func(host string) string { return "https://" + host },
		Carriers: map[notify.Channel]notify.Carrier{notify.SMS: notify.NewGateway(gateway, secret)},
	})
	err = service.Register("test", []byte(texts), notify.Kind{
		Name: "test.link", Channels: []notify.Channel{notify.SMS}, Unknown: notify.Resend, PerHour: 10000, Content: (&tokens{}).content,
	})
	if err != nil {
		return err
	}
	r := jobs.New(db, jobs.Options{Log: log, Lease: 3 * time.Second, Sweep: time.Second, Tenants: func() (out []store.TenantID) {
		for _, t := range reg.All() {
			out = append(out, t.ID)
		}
		return out
	}})
	service.Work(r)
	db.StartNotifier()
	r.Start()
	<-ctx.Done()
	grace, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return r.Stop(grace)
}
