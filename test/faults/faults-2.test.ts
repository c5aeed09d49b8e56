import { testLanes } from "./lanes.ts";

testLanes({ first: 4, count: 4 });
