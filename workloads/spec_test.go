package workloads

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"
)

// choices are parameters of a template that make every query and profile it has.
func choices(t Template) []map[string]string {
	all := []map[string]string{nil}
	for _, p := range t.Params {
		for _, choice := range p.Choices {
			all = append(all, map[string]string{p.Name: choice})
		}
		if p.Name == groupsParam {
			all = append(all, map[string]string{groupsParam: "1000"})
		}
		if p.Kind == FlagParam {
			all = append(all, map[string]string{p.Name: "true"})
		}
	}
	return all
}

// throughJSON sends a value to another process.
func throughJSON[T any](t *testing.T, v T) (back T) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&back); err != nil {
		t.Fatal(err)
	}
	return back
}

// TestAnotherProcessBindsTheSameWorkload sends every workload, with every choice it has, as JSON.
func TestAnotherProcessBindsTheSameWorkload(t *testing.T) {
	for _, template := range Catalog {
		for _, params := range choices(template) {
			t.Run(fmt.Sprint(template.Name, params), func(t *testing.T) {
				t.Parallel()
				values, errs := template.Resolve(params)
				if len(errs) > 0 {
					t.Skip(errs) // a choice that needs another one
				}
				w, err := template.New(Settings{Seed: 1<<63 + 7, EventRate: 1 << 20, Values: values})
				if err != nil {
					t.Fatal(err)
				}
				again, err := throughJSON(t, w.Spec()).Bind()
				if err != nil {
					t.Fatal(err)
				}
				if a, b := comparable(w.Query), comparable(again.Query); !reflect.DeepEqual(a, b) {
					t.Errorf("another query: %+v is not %+v", b, a)
				}
				if testing.Short() && params[queryParam] != "" {
					return // queries of one stream
				}
				if w.Digest() != again.Digest() {
					t.Errorf("another stream: %s is not %s", again.Canonical(), w.Canonical())
				}
			})
		}
	}
}

// comparable is a query without its functions, which no two values have equal.
func comparable(q Query) Query {
	if q.Process != nil {
		p := *q.Process
		p.Keys, p.Plain, p.Step, p.Fire, p.End = nil, nil, nil, nil, nil
		q.Process = &p
	}
	return q
}

func TestABadSpecIsAnError(t *testing.T) {
	for _, s := range []Spec{
		{Name: "no-such"},
		{Name: iotName, Settings: Settings{EventRate: 1 << 62}},
		{Name: iotName, Settings: Settings{Values: map[string]Value{"no-such": {}}}},
		{Name: iotName, Poison: []Poison{{From: 1}}},
	} {
		if w, err := s.Bind(); err == nil {
			t.Errorf("%+v binds %s", s, w.Name)
		}
	}
}

// TestAnotherProcessKeepsTheSameSchedule sends schedules as JSON.
func TestAnotherProcessKeepsTheSameSchedule(t *testing.T) {
	for _, p := range []Pacer{
		Constant(1), Constant(1_500_000), Constant(1<<63 + 1),
		Profile(nil),
		Profile([]Piece{{For: 1500 * time.Millisecond, Rate: 999}, {For: time.Second},
			{For: time.Minute, Rate: 1 << 40}}),
	} {
		s, err := SpecOf(p)
		if err != nil {
			t.Fatal(err)
		}
		again := throughJSON(t, s).Bind()
		for i := uint64(0); i < 1<<50; i = 3*i + 1 {
			if p.Due(i) != again.Due(i) {
				t.Fatalf("%+v: slot %d is due at %s, not %s", s, i, again.Due(i), p.Due(i))
			}
		}
		for at := time.Duration(1); at < time.Hour; at *= 3 {
			if p.Before(at) != again.Before(at) {
				t.Fatalf("%+v: %d slots before %s, not %d", s, again.Before(at), at, p.Before(at))
			}
		}
	}
	if s, err := SpecOf(nil); err != nil || throughJSON(t, s).Bind() != nil {
		t.Errorf("no schedule is %+v, %v", s, err)
	}
	if _, err := SpecOf(struct{ Pacer }{Constant(1)}); err == nil {
		t.Error("an unknown schedule is described")
	}
}
