package workloads

import (
	"errors"
	"fmt"
	"slices"
)

// Spec is a bound workload as plain data, from which another process of the same build makes the
// same workload: same stream, same query, same right answer.
type Spec struct {
	Name     string   `json:"name"`
	Settings Settings `json:"settings"`
	Poison   []Poison `json:"poison,omitempty"`
	// Repaired are the events of Workload.Repaired; nil where the stream is whole.
	Repaired []uint64 `json:"repaired,omitempty"`
}

// Spec describes a workload of the catalog.
func (w *Workload) Spec() Spec {
	return Spec{w.Name, w.Settings, slices.Clone(w.poison), slices.Clone(w.repaired)}
}

// Bind makes the workload a Spec describes.
func (s Spec) Bind() (*Workload, error) {
	t, ok := Find(s.Name)
	if !ok {
		return nil, fmt.Errorf("bind workload: no workload is called %q", s.Name)
	}
	w, err := t.New(s.Settings)
	if err != nil {
		return nil, err
	}
	for _, p := range s.Poison {
		if w, err = w.Poisoned(p.From, p.Events); err != nil {
			return nil, err
		}
	}
	if s.Repaired != nil {
		w = w.Repaired(s.Repaired)
	}
	return w, nil
}

// PacerSpec is a schedule as plain data: a constant rate in events per second or the pieces of a
// profile. The zero value is no schedule, events being due as fast as they are taken.
type PacerSpec struct {
	Rate   uint64  `json:"rate,omitempty"`
	Pieces []Piece `json:"pieces,omitempty"`
}

// SpecOf describes a schedule that Constant or Profile made; nil is none.
func SpecOf(p Pacer) (PacerSpec, error) {
	switch p := p.(type) {
	case nil:
		return PacerSpec{}, nil
	case constantPacer:
		return PacerSpec{Rate: uint64(p)}, nil
	case *profilePacer:
		if len(p.made) == 0 {
			return PacerSpec{Pieces: []Piece{{}}}, nil // without pieces nothing is ever due
		}
		return PacerSpec{Pieces: slices.Clone(p.made)}, nil
	}
	return PacerSpec{}, fmt.Errorf("describe schedule of type %T: %w", p, errors.ErrUnsupported)
}

// Bind makes the schedule; nil where there is none.
func (s PacerSpec) Bind() Pacer {
	switch {
	case len(s.Pieces) > 0:
		return Profile(s.Pieces)
	case s.Rate > 0:
		return Constant(s.Rate)
	}
	return nil
}
