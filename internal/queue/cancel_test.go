package queue_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// end takes the first series away, as an apply with --end-tickets does.
func (m *mall) end(t *testing.T) {
	t.Helper()
	err := m.db.In(t.Context(), m.ID, func(ctx context.Context, tx *store.Tx) error {
		return m.hall.End(ctx, tx, m.tenant.Today(tx.Now()), m.Series[:1], nil, "system:test")
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A person whose number was cancelled reads by whom: only who has done it is asked whether they have changed their
// mind.
func TestACancelledTicketSaysByWhom(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		own, called, desk, mall := h.issue(t, "own"), h.issue(t, "called"), h.issue(t, "desk"), h.issue(t, "mall")
		page := func(p queue.Place) string { return "/antrean/" + p.ID.String() }
		h.send(t, page(own)+"/batal", "", url.Values{})
		h.call(t, 0)
		h.send(t, front+"/nomor/"+called.ID.String()+"/batal", "front", url.Values{})
		h.send(t, front+"/nomor/"+desk.ID.String()+"/batal", "front", url.Values{})
		h.end(t)
		for _, c := range []struct {
			place queue.Place
			by    queue.Canceller
			id    string
			en    string
			desk  string
		}{
			{own, queue.ByOwner, "Berubah pikiran?", "Changed your mind?", "09.00 oleh pemegang nomor"},
			{called, queue.ByDesk, "Dibatalkan di meja depan pada", "Cancelled at the front desk on", "09.00 di meja depan"},
			{desk, queue.ByDesk, "Petugas meja depan membatalkan nomor ini", "The front desk cancelled this number", "09.00 di meja depan"},
			{mall, queue.ByMall, "Mohon maaf", "We are sorry", "09.00 oleh MPP, karena antreannya ditutup"},
		} {
			if p := h.place(t, c.place.ID); p.Status != queue.Cancelled || p.CancelledBy != c.by {
				t.Errorf("%s is %s by %q, want %q", p.Label, p.Status, p.CancelledBy, c.by)
			}
			h.see(t, page(c.place), "", c.id)
			h.see(t, page(c.place)+"?lang=en", "", c.en)
			h.see(t, front+"/nomor/"+c.place.ID.String(), "front", c.desk)
			h.see(t, "/api/v1/tickets/"+c.place.ID.String(), "", `"cancelled_by":"`+string(c.by)+`"`)
		}
		h.see(t, h.counter(0), "officer", called.Label+" dibatalkan di meja depan pukul 09.00.")
	})
}

// Who is called to a counter that stays, while an apply ends the series, is served there.
func TestAnEndedSeriesLeavesWhoIsCalledInTheMeantime(t *testing.T) {
	db := testkit.Open(t, testkit.PostgreSQL) // SQLite has one writer
	m := newMall(t, db)
	a := m.issue(t, "a")
	locked, free, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- m.db.In(context.Background(), m.ID, func(ctx context.Context, tx *store.Tx) error {
			if err := store.Lock[queue.Ticket](ctx, tx, a.ID); err != nil {
				return err
			}
			close(locked)
			<-free
			_, err := store.Update[queue.Ticket](tx).Set("status = ?", queue.Called).Set("counter_id = ?", m.Counters[1]).Where("id = ?", a.ID).Exec(ctx)
			return err
		})
	}()
	<-locked
	ended := make(chan error, 1)
	go func() {
		ended <- m.db.In(context.Background(), m.ID, func(ctx context.Context, tx *store.Tx) error {
			return m.hall.End(ctx, tx, m.tenant.Today(tx.Now()), []id.ID{m.Series[0]}, nil, "system:test")
		})
	}()
	testkit.Waiting(t, db, 1)
	close(free)
	for _, c := range []chan error{done, ended} {
		if err := <-c; err != nil {
			t.Fatal(err)
		}
	}
	if p := m.place(t, a.ID); p.Status != queue.Called {
		t.Errorf("%s is %s", p.Label, p.Status)
	}
}
