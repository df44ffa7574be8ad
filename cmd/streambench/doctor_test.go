package main

import (
	"errors"
	"testing"
)

// TestDoctorGradesWhatItFinds plants hosts and looks at the state each check gives them. Whatever
// is not ok comes with a fix.
func TestDoctorGradesWhatItFinds(t *testing.T) {
	const gib = 1 << 30
	cases := []struct {
		name string
		got  diagnosis
		want string
	}{
		{"a container that may use half a core", cores(0.5), stateWarn},
		{"plenty of room", disk("runs", 100*gib, nil), stateOK},
		{"little room", disk("runs", 1*gib, nil), stateWarn},
		{"no room", disk("runs", 1<<20, nil), stateFail},
		{"a folder of somebody else", disk("runs", 100*gib, errors.New("permission denied")), stateFail},
		{"plenty of memory", memory(16 * gib), stateOK},
		{"little memory", memory(1 * gib), stateWarn},
		{"no memory", memory(100 << 20), stateFail},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.got.State != c.want {
				t.Errorf("%s is %s, want %s", c.got.Check, c.got.State, c.want)
			}
			if c.got.State != stateOK && c.got.Fix == "" {
				t.Errorf("%s is %s without a fix", c.got.Check, c.got.State)
			}
		})
	}
}
