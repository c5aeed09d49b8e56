import { testLanes } from "./lanes.ts";

testLanes({ first: 0, count: 4 });
