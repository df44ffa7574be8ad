package chaos

import (
	"testing"
	"time"
)

// walk is an edge by which a probe is sent each 5 ms from 0 on; took says how long the one sent at
// a time takes, less than 0 = for ever. Those that arrive after the end have not.
func walk(until time.Duration, took func(at time.Duration) time.Duration) *sight {
	s := &sight{edge: there}
	for at := time.Millisecond; at <= until; at += probeEvery {
		seq := s.sent(int64(at))
		if d := took(at); d >= 0 && at+d <= until {
			s.arrived(seq, int64(at+d))
		}
	}
	return s
}

func TestSilenceBeginsWithTheFirstProbeThatDidNotArrive(t *testing.T) {
	const cut, end = 2 * time.Second, 3 * time.Second
	ms := time.Millisecond
	for _, c := range []struct {
		name  string
		took  func(at time.Duration) time.Duration
		since time.Duration
		want  time.Duration // 0 = it is not silent
	}{
		{"whole", func(time.Duration) time.Duration { return ms }, cut, 0},
		{"cut", func(at time.Duration) time.Duration {
			if at > cut {
				return -1
			}
			return ms
		}, cut - 10*ms, cut + ms},
		{"cut before it was asked about", func(at time.Duration) time.Duration {
			if at > cut {
				return -1
			}
			return ms
		}, cut + 300*ms, cut + 300*ms},
		{"cut just now", func(at time.Duration) time.Duration {
			if at > end-100*ms {
				return -1
			}
			return ms
		}, cut, 0},
		{"one of two is lost", func(at time.Duration) time.Duration {
			if at%(10*ms) == ms {
				return -1
			}
			return ms
		}, cut, 0},
		{"slow for long", func(at time.Duration) time.Duration { return 400 * ms }, cut, 0},
		{"held and then mended", func(at time.Duration) time.Duration {
			if at > cut && at < cut+500*ms {
				return -1
			}
			return ms
		}, cut, 0},
	} {
		at, why := walk(end, c.took).silentSince(int64(c.since), int64(end))
		if time.Duration(at) != c.want || (at == 0) == (why == "") {
			t.Errorf("%s: silent since %s (%q), want %s", c.name, time.Duration(at), why, c.want)
		}
	}
}

func TestSilenceHasNoConnections(t *testing.T) {
	s := walk(2*time.Second, func(at time.Duration) time.Duration {
		if at > time.Second {
			return -1
		}
		return time.Millisecond
	})
	s.connected(connect{beganNs: int64(900 * time.Millisecond), ok: true})
	if at, why := s.silentSince(0, int64(2*time.Second)); at == 0 {
		t.Error("a connection before it", why)
	}
	s.connected(connect{beganNs: int64(1200 * time.Millisecond), ok: true})
	if at, _ := s.silentSince(0, int64(2*time.Second)); at != 0 {
		t.Error("a connection in it")
	}
}

func TestAnEdgeIsOpenIfWhatWasSentSinceArrives(t *testing.T) {
	ms := time.Millisecond
	s := walk(time.Second, func(at time.Duration) time.Duration {
		if at > 500*ms {
			return -1
		}
		return ms
	})
	for _, c := range []struct {
		since, now time.Duration
		want       bool
	}{
		{100 * ms, 550 * ms, true},
		{600 * ms, 650 * ms, false},
		{100 * ms, 900 * ms, false},
	} {
		if got, why := s.openSince(int64(c.since), int64(c.now), false); got != c.want {
			t.Errorf("since %s at %s: %v (%s)", c.since, c.now, got, why)
		}
	}
}
