package workloads

import "testing"

// benchWorkloads are the streams benchmarked, and the columns asked for; none = all.
var benchWorkloads = []struct {
	name, workload string
	from, to       int // columns; to 0 for all
}{
	{name: "iot-telemetry", workload: iotName},
	{name: "iot-query-columns", workload: iotName, from: iotMilliC, to: iotMilliC + 1},
	{name: "ysb", workload: ysbName},
	{name: "orders", workload: ordersName},
	{name: "orders-query-columns", workload: ordersName, from: orderAmount, to: orderAmount + 1},
	{name: "clickstream", workload: clickstreamName},
	{name: "nexmark", workload: nexmarkName},
	{name: "nexmark-bids", workload: nexmarkName, from: bidAuction, to: bidExtra + 1},
}

const benchRows = 1024

func BenchmarkGenerate(b *testing.B) {
	for _, c := range benchWorkloads {
		b.Run(c.name, func(b *testing.B) {
			w := newWorkload(b, c.workload, 1_500_000, nil)
			batch := NewBatch(w.Schema, benchRows)
			if c.to > 0 {
				cols := []int{}
				for col := c.from; col < c.to; col++ {
					cols = append(cols, col)
				}
				batch = NewBatchOf(w.Schema, cols, benchRows)
			}
			g := w.Events()
			at := uint64(0)
			for b.Loop() {
				g.Fill(batch, Slots{First: at, Step: 1, N: benchRows})
				at += benchRows
			}
			reportEvents(b, b.N*benchRows)
		})
	}
}

func reportEvents(b *testing.B, n int) {
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}

func codecsOf(s Schema) map[string]Codec {
	return map[string]Codec{"binary": BinaryCodec(s), "json": JSONCodec(s)}
}

// BenchmarkGenerateAndEncode writes every event in its wire form.
func BenchmarkGenerateAndEncode(b *testing.B) {
	for _, workload := range []string{iotName, ysbName, nexmarkName} {
		w := newWorkload(b, workload, 1_500_000, nil)
		for format, codec := range codecsOf(w.Schema) {
			b.Run(workload+"/"+format, func(b *testing.B) {
				batch, g := NewBatch(w.Schema, benchRows), w.Events()
				buf := make([]byte, 0, 1<<20)
				at := uint64(0)
				for b.Loop() {
					g.Fill(batch, Slots{First: at, Step: 1, N: benchRows})
					buf = buf[:0]
					for row := range benchRows {
						buf = codec.Append(buf, batch, row)
					}
					at += benchRows
				}
				reportEvents(b, b.N*benchRows)
				b.ReportMetric(float64(len(buf))/benchRows, "B/event")
			})
		}
	}
}

// encode returns n events one by one.
func encode(w *Workload, codec Codec, n int) [][]byte {
	var events [][]byte
	scan(w, n, func(b *Batch) {
		for row := range b.N {
			events = append(events, codec.Append(nil, b, row))
		}
	})
	return events
}

func BenchmarkDecode(b *testing.B) {
	for _, workload := range []string{iotName, ysbName, nexmarkName} {
		w := newWorkload(b, workload, 1_500_000, nil)
		for format, codec := range codecsOf(w.Schema) {
			b.Run(workload+"/"+format, func(b *testing.B) {
				events := encode(w, codec, 10_000)
				batch := NewBatch(w.Schema, len(events))
				for b.Loop() {
					for row, event := range events {
						if err := codec.Decode(event, batch, row); err != nil {
							b.Fatal(err)
						}
					}
				}
				reportEvents(b, b.N*len(events))
			})
		}
	}
}

func BenchmarkTriggerFinder(b *testing.B) {
	for name, params := range map[string]map[string]string{
		"iot":      nil,
		"sessions": {"query": "q11"},
		"ysb-skew": {"skew": "true"},
	} {
		b.Run(name, func(b *testing.B) {
			workload := map[string]string{"iot": iotName, "sessions": nexmarkName,
				"ysb-skew": ysbName}[name]
			f := NewTriggerFinder(newWorkload(b, workload, 100_000, params))
			end := int64(EpochMs)
			for b.Loop() {
				if _, ok := f.At(end); !ok {
					b.Fatal("no trigger")
				}
				end++
			}
		})
	}
}

// BenchmarkTriggersOfSlidingResults finds a trigger for each event, as a collector does live.
func BenchmarkTriggersOfSlidingResults(b *testing.B) {
	f := NewTriggerFinder(newWorkload(b, slidingAverageName, 100_000, nil))
	row := make([]int64, 5)
	for b.Loop() {
		if _, ok := f.Of(row); !ok {
			b.Fatal("no trigger")
		}
		row[0]++
	}
}
