module tare/tests/truth/faulty_go

go 1.19
