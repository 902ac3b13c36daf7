package fault

import (
	"errors"
	"fmt"
	"testing"
)

func TestOfFindsAFaultInTheChain(t *testing.T) {
	inner := New(Conflict, "queue.full")
	got := Of(fmt.Errorf("issue: %w", inner))
	if got != inner || got.Kind.Status() != 409 {
		t.Fatalf("got %v with status %d", got, got.Kind.Status())
	}
}

func TestAnythingElseIsInternalAndKeepsItsCause(t *testing.T) {
	cause := errors.New("disk on fire")
	got := Of(cause)
	if got.Kind != Internal || got.Code != "internal" || !errors.Is(got, cause) {
		t.Fatalf("got %+v", got)
	}
	if Of(nil) != nil {
		t.Fatal("Of(nil) must be nil")
	}
}
